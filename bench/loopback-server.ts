// The cheapest front-end there can be: answers as the ledger would, at once and from nothing. A process of its own, so
// that it shares no event loop with the generator.
import { createServer } from "node:http";

const [host = "127.0.0.1", port = "8080"] = process.argv.slice(2);
const bodyOf = (method: string, path: string): [number, string] => {
  if (method === "GET") return [200, '{"value":null,"term":1,"position":1}'];
  if (path.endsWith("/compare-and-set")) return [200, '{"swapped":false,"term":1}'];
  return [method === "POST" ? 201 : 200, '{"term":1}'];
};
createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  request.resume();
  const [status, body] = bodyOf(request.method ?? "", request.url ?? "");
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    "outlast-epoch": "1",
    "outlast-site": "loopback",
  });
  response.end(body);
}).listen(Number(port), host, () => process.stdout.write("listening\n"));
