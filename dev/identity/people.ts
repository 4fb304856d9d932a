/** `code`: the second factor, the same whenever it is asked for. */
export type Person = { employeeNo: string; name: string; about: string; password: string; code: string };

/** A sample person as the provider knows her. Password and code are shown on its page: they protect nothing. */
export const signInPerson = ({ employeeNo, name, about }: Pick<Person, 'employeeNo' | 'name' | 'about'>): Person => ({
  ...{ employeeNo, name, about, password: `password-${employeeNo}`, code: '246810' },
});
