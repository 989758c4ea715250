/** Equal for equal values of a history: objects by their JSON with sorted keys. */
export const canonical = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  return `\u0000${JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )}`;
};
