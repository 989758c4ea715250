// Stands for a region's resolver: answers every A question with one address and a TTL; counts the questions.
import { createSocket } from "node:dgram";
import { decode, encode, RECURSION_AVAILABLE } from "dns-packet";

export interface NameServer extends AsyncDisposable {
  readonly server: string;
  answer: { address: string | null; ttl: number };
  readonly questions: () => number;
}

export async function startNameServer(host: string, address: string, ttl: number): Promise<NameServer> {
  const socket = createSocket("udp4");
  let questions = 0;
  const state = { answer: { address: address as string | null, ttl } };
  socket.on("message", (message, from) => {
    const query = decode(message);
    const [question] = query.questions ?? [];
    questions += 1;
    const { address: data, ttl: seconds } = state.answer;
    if (question === undefined || data === null) return;
    const response = encode({
      type: "response",
      id: query.id ?? 0,
      flags: RECURSION_AVAILABLE,
      questions: [question],
      answers: question.type === "A" ? [{ type: "A", name: question.name, ttl: seconds, data }] : [],
    });
    socket.send(response, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  return {
    server: `${host}:${socket.address().port}`,
    get answer() {
      return state.answer;
    },
    set answer(next) {
      state.answer = next;
    },
    questions: () => questions,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
