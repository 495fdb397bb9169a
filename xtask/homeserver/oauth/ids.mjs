// Ids as the Matrix Authentication Service makes them.

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The first half of an id is the moment it was made at; here it is the order. */
let made = 0;
export const ulid = () => {
  let [id, rest] = ['', (made += 1)];
  for (let place = 0; place < 26; place += 1) [id, rest] = [ALPHABET[rest % 32] + id, Math.floor(rest / 32)];
  return id;
};
