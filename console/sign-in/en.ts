import type { Key } from './zh.ts';

export const en: Record<Key, string> = {
  title: 'You are not signed in',
  again: 'Sign in again',
  home: 'Back to the start',
  PERSON_NOT_REGISTERED: 'This account belongs to no active employee here. Ask your HR to register you, or to check your employee number, and sign in again.',
  SIGN_IN_REFUSED:
    "Your employer's sign-in did not let you in: it was cancelled, or the account is restricted there. Try again; if it stays like this, ask whoever keeps the accounts.",
  SIGN_IN_STATE_INVALID:
    'This sign-in is over, or was begun in another browser. Sign in again; inside WeCom, DingTalk or Feishu stay in the same window throughout.',
  SECOND_FACTOR_REQUIRED: "Your employer's sign-in did not confirm a second factor, which is needed here. Sign in again with it.",
  SIGN_IN_OTHER_PERSON: "The second factor was somebody else's. Sign out, and sign in with your own account.",
  IDENTITY_PROVIDER_UNAVAILABLE: "Your employer's sign-in does not answer just now. It has nothing to do with your account: try again in a few minutes.",
  RATE_LIMITED: 'That was too often. Wait a minute and try again.',
  other: 'The sign-in was not completed. Try again; if it stays like this, tell HR the reference below.',
};
