/** `***************4567` → `···· 4567`, as banks print it. */
export const maskedAccount = (accountNo: string): string => accountNo.replace(/^\*+/, '···· ');
