// What is wrong with a plan, and where: the place of a value in the file and its path in the document.

export type PlanPath = readonly (string | number)[];

export interface Finding {
  readonly level: "error" | "warning";
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** spec.links[1].roundTrip */
  readonly path: string;
  readonly message: string;
}

export const pathText = (path: PlanPath): string =>
  path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");

/** plan.yaml:12:9 spec.links[1].roundTrip: expected a duration such as "10ms", got "10" */
export const findingLine = ({ file, line, column, path, message }: Finding): string =>
  `${file}:${line}:${column} ${path === "" ? "" : `${path}: `}${message}`;
