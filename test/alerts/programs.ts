// Prometheus' programs as Debian has them, unpacked without root: asked for together, so that they are fetched once.
import { cacheFolder } from "../../src/cli/folders.ts";
import { OutlastError } from "../../src/domain/outcome.ts";
import { provideTools } from "../../src/linux/tools.ts";

export interface AlertPrograms {
  readonly promtool: string;
  readonly prometheus: string;
  readonly alertmanager: string;
}

export async function alertPrograms(): Promise<AlertPrograms> {
  const names = ["promtool", "prometheus", "prometheus-alertmanager"] as const;
  const tools = await provideTools(names, cacheFolder(), AbortSignal.timeout(280_000));
  if (tools.kind !== "done") throw new OutlastError(tools.failure);
  const { paths } = tools.value;
  return {
    promtool: paths["promtool"] ?? "",
    prometheus: paths["prometheus"] ?? "",
    alertmanager: paths["prometheus-alertmanager"] ?? "",
  };
}
