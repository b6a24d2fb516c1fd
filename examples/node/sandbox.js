"use strict";

/** What the tests ask of `mailtrap serve`: faults, the clock, and the mail that came. */

const server = process.env.MAILSANDBOX_SERVER ?? "http://localhost:8025";
const smtp = { host: "localhost", port: Number(process.env.SMTP_PORT ?? 1025) };

async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Lets something go wrong until the test is over, and asks that it did. */
async function fault(test, rule) {
  const { id } = await ask("POST", "/v1/faults", rule);
  test.after(async () => {
    const { hits } = await ask("DELETE", `/v1/faults/${id}`);
    if (hits < (rule.times ?? 1)) throw new Error(`${rule.at} ${rule.do}: hit ${hits} times`);
  });
}

const messages = async (to) => (await ask("GET", `/v1/messages?q=rcpt:${to}`)).messages;

const advance = (time) => ask("POST", "/v1/clock", { advance: time });

/** The sandbox's time, in milliseconds. */
const now = async () => Date.parse((await ask("GET", "/v1/clock")).time);

module.exports = { smtp, fault, messages, advance, now };
