// Keys by prefix, as etcd asks for them.

/** The first key after all keys with this prefix (etcd range_end); "\0" means: to the end. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let last = prefix.length - 1; last >= 0; last -= 1) {
    const byte = prefix[last] ?? 0xff;
    if (byte < 0xff) return Uint8Array.from([...prefix.subarray(0, last), byte + 1]);
  }
  return Uint8Array.of(0);
}
