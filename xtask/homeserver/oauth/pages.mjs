// The pages a person sees: forms without scripts, so that a test can fill them in.

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text) => String(text).replace(/[&<>"]/g, (it) => ESCAPES[it]);

export const page = (title, body) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><h1>${escape(title)}</h1>${body}</html>`;

export const signIn = (problem) =>
  page(
    'Sign in',
    `${problem ? `<p>${escape(problem)}</p>` : ''}<form method="post"><input name="username">` +
      '<input name="password" type="password"><button>Sign in</button></form>',
  );

export const consent = (client, scopes) =>
  page(
    'Allow access?',
    `<p>${escape(client)} wants: ${escape(scopes.join(' '))}</p><form method="post">` +
      '<button name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button></form>',
  );

export const account = (action, device) =>
  page(
    'Your account',
    action?.endsWith('device_delete')
      ? `<p>Sign out ${escape(device)}</p><form method="post"><input name="username"><input name="password" type="password">` +
          '<button>Sign out</button></form>'
      : '<p>Change your password</p><form method="post"><input name="username"><input name="password" type="password">' +
          '<input name="new_password" type="password"><button>Change</button></form>',
  );
