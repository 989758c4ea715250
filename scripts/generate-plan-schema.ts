// Writes docs/plan.schema.json from the code. A test in src/plan refuses an old one.
import { planJsonSchema } from "../src/plan/json-schema.ts";
import { writeFileAtomic } from "../src/runtime/files.ts";

await writeFileAtomic("docs/plan.schema.json", `${JSON.stringify(planJsonSchema(), null, 2)}\n`);
