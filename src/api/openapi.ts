// Routes table → OpenAPI 3.1 document. Pure: the same table gives the same document.
import { z } from "zod";
import { errorSchema, type Route } from "./ledger.ts";

type Json = Record<string, unknown>;

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io }) as Json;
  return rest;
}

function parameters(schema: z.ZodObject | undefined, place: "path" | "query"): Json[] {
  if (schema === undefined) return [];
  const object = jsonSchema(schema, "input");
  const required = new Set((object["required"] as string[] | undefined) ?? []);
  return Object.entries((object["properties"] as Json | undefined) ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.has(name),
    schema: property,
  }));
}

function operation(name: string, route: Route): Json {
  const content = (schema: Json) => ({ content: { "application/json": { schema } } });
  const given = [...parameters(route.params, "path"), ...parameters(route.query, "query")];
  const responses: Json = {};
  for (const [status, schema] of Object.entries(route.responses))
    responses[status] = {
      description: Number(status) < 400 ? "done" : "no",
      ...content(jsonSchema(schema, "output")),
    };
  responses["default"] = {
    description: "4xx and 503: it certainly took no effect; 504: unknown",
    ...content({ $ref: "#/components/schemas/Error" }),
  };
  return {
    operationId: name,
    summary: route.summary,
    ...(given.length === 0 ? {} : { parameters: given }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, ...content(jsonSchema(route.body, "input")) } }),
    responses,
  };
}

export function openApi(title: string, version: string, routes: Readonly<Record<string, Route>>): Json {
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replaceAll(/:([A-Za-z]+)/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(name, route);
  }
  return {
    openapi: "3.1.0",
    info: { title, version },
    paths,
    components: { schemas: { Error: jsonSchema(errorSchema, "output") } },
  };
}
