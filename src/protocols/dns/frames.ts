// Messages on a DNS TCP stream: two bytes of length, then the message (RFC 7766 §8). Bounded by the length field itself.

/** Returns a function that takes the next piece of the stream and gives the messages that are complete with it. */
export function newFrameReader(): (piece: Buffer) => Buffer[] {
  let kept: Buffer = Buffer.alloc(0);
  return (piece) => {
    kept = kept.length === 0 ? piece : Buffer.concat([kept, piece]);
    const messages: Buffer[] = [];
    while (kept.length >= 2) {
      const end = 2 + kept.readUInt16BE(0);
      if (kept.length < end) break;
      messages.push(kept.subarray(2, end));
      kept = kept.subarray(end);
    }
    return messages;
  };
}

export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
