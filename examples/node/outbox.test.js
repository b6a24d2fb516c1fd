"use strict";

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { test } = require("node:test");

const { Outbox } = require("./outbox.js");
const sandbox = require("./sandbox.js");

let time = 0; // the sandbox's, as of the last time that it was moved

/** An outbox with one mail, to somebody whom no other test knows: so they may all run at once. */
async function outboxWithMail() {
  time = await sandbox.now();
  const to = `ann-${randomUUID()}@example.com`;
  const outbox = new Outbox(sandbox.smtp, () => time);
  outbox.put({ from: "shop@example.com", to, subject: "Welcome", text: "Hi!" });
  return { outbox, to };
}

async function wait(minutes) {
  await sandbox.advance(`${minutes}m`);
  time = await sandbox.now();
}

test("what is due is sent", async () => {
  const { outbox, to } = await outboxWithMail();

  await outbox.sendDue();

  const [mail] = await sandbox.messages(to);
  assert.equal(mail.subject, "Welcome");
  assert.deepEqual(outbox.waiting, []);
});

test("a temporary failure is tried again, later", async (t) => {
  const { outbox, to } = await outboxWithMail();
  await sandbox.fault(t, { at: "smtp.rcpt", do: "reject 451 4.3.0 try later", rcpt: to, times: 2 });

  await outbox.sendDue();
  await outbox.sendDue(); // not due yet
  assert.equal(outbox.waiting[0].attempts, 1);
  for (const minutes of [1, 5]) {
    await wait(minutes);
    await outbox.sendDue();
  }

  assert.equal((await sandbox.messages(to)).length, 1);
  assert.deepEqual(outbox.waiting, []);
});

test("a permanent failure is given up", async (t) => {
  const { outbox, to } = await outboxWithMail();
  await sandbox.fault(t, { at: "smtp.rcpt", do: "reject 550 5.1.1 no such user", rcpt: to, times: 1 });

  await outbox.sendDue();

  assert.match(outbox.givenUp[0].error.response, /^550 5\.1\.1 no such user/);
  assert.deepEqual(outbox.waiting, []);
});

test("who is greylisted waits", async (t) => {
  const { outbox, to } = await outboxWithMail();
  await sandbox.fault(t, { at: "smtp.rcpt", do: "greylist 5m", rcpt: to });

  for (const minutes of [1, 5, 30]) {
    await outbox.sendDue();
    await wait(minutes);
  }

  assert.equal((await sandbox.messages(to)).length, 1);
});

test("a reply that is lost means a second mail", async (t) => {
  const { outbox, to } = await outboxWithMail();
  await sandbox.fault(t, { at: "smtp.stored", do: "drop", rcpt: to, times: 1 });

  await outbox.sendDue();
  await wait(1);
  await outbox.sendDue();

  assert.equal((await sandbox.messages(to)).length, 2);
});
