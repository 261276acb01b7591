// A whole WebSocket message as bytes (RFC 6455, 5.2): framed once for thousands of sessions, which ws would do for each.

const FINAL_TEXT = 0x81;
const TWO_BYTES_FOLLOW = 126;
const EIGHT_BYTES_FOLLOW = 127;

/** Of a server: without a mask. */
export function frameText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const offset = length < TWO_BYTES_FOLLOW ? 2 : length <= 0xffff ? 4 : 10;
  const frame = Buffer.allocUnsafe(offset + length);
  frame[0] = FINAL_TEXT;
  if (offset === 2) frame[1] = length;
  else if (offset === 4) {
    frame[1] = TWO_BYTES_FOLLOW;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = EIGHT_BYTES_FOLLOW;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, offset);
  return frame;
}
