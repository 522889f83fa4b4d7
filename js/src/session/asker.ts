// Requests that are answered, each with the type of its answer.
import type { Answers, CommandFailed, Request } from "../protocol/index.gen";

export type QuestionKind = keyof Answers;
type WithoutIds<T> = T extends unknown ? Omit<T, "client_id" | "request_id"> : never;
/** A request that is answered, before the connection numbers it. */
export type Question = WithoutIds<Extract<Request, { request_id: number }>>;

/** An update that answers a request. */
export type Answer = Answers[QuestionKind] | CommandFailed;

type WithBytes<A> = A extends { buffer: number } ? A & { readonly bytes: DataView } : A;
/** What a request resolves with: its answer, with the buffer that the answer names. */
export type Answered<K extends QuestionKind> = WithBytes<Answers[K]>;

/** What panels may do: ask the kernel. */
export interface Asker {
	/** Resolves with the kernel's answer; rejects with its error message. */
	ask<Q extends Question>(question: Q): Promise<Answered<Q["kind"]>>;
	/** False in a saved page without a kernel: controls are hidden and nothing can be asked. */
	readonly isLive: boolean;
}

/** The answer with the buffer that it names. Throws if there is no such buffer. */
export function withBytes(
	answer: Exclude<Answer, CommandFailed>,
	buffers: readonly DataView[],
): Answered<QuestionKind> {
	if (!("buffer" in answer)) return answer;
	const bytes = buffers[answer.buffer];
	if (!bytes) throw new Error(`The answer ${answer.kind} came without its buffer.`);
	return { ...answer, bytes };
}
