// An address that a daemon needs and the plan may leave open: `null` is for the lab to fill in.
import { OutlastError } from "./outcome.ts";

/** Throws ADDRESS_MISSING (exit 2). `of`: "site paris". */
export function addressOf(address: string | null, of: string): string {
  if (address !== null) return address;
  throw new OutlastError(
    {
      code: "ADDRESS_MISSING",
      definite: true,
      what: `the plan gives no address for ${of}`,
      where: "the plan file",
      next: "write it into the plan, or let 'outlast lab' do so",
    },
    2,
  );
}
