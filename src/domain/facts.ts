// Names of facts whose age an agent tells (GET /v1/status, `heldForMs`) and the workload's conditions are dated by.
/** Followed by the standby's site: it streams from this primary. */
export const STREAMS = "streams:";
