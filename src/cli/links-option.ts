// --links of `lab up` and `drill run`.
import { Option } from "commander";
import { LINK_DRIVERS } from "../lab/link.ts";

export const linksOption = (): Option =>
  new Option("--links <driver>", "what emulates the distances; netem needs a kernel that has it")
    .choices(LINK_DRIVERS)
    .default("relay");
