/** One message to one person. */
export type Message = {
  /** the same at every attempt, so that the other side can tell a repeated message */
  id: string;
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
};

/** `reason` names the answer without quoting it: it may repeat the address. `permanent`: the same message will hardly ever be taken. */
export type Dispatch = { accepted: true } | { accepted: false; permanent: boolean; reason: string };

/** A channel by which people are told. */
export type Messenger = {
  /** as in notice.channel */
  readonly channel: string;
  /** `send` has ended within this time, whatever the other side does. */
  readonly timeoutMs: number;
  /** The address of a person on this channel; null where there is none. */
  addressOf(person: { email: string | null }): string | null;
  send(message: Message): Promise<Dispatch>;
  close(): void;
};
