"use strict";

const nodemailer = require("nodemailer");

const MINUTE = 60_000;
const RETRIES = [1, 5, 30, 120, 1440].map((minutes) => minutes * MINUTE);

/** Mail that is kept until it is sent or there is no hope. Call `sendDue` every minute. */
class Outbox {
  constructor(transport, now = Date.now) {
    this.transport = nodemailer.createTransport(transport);
    this.now = now;
    this.waiting = [];
    this.givenUp = [];
  }

  put(mail) {
    this.waiting.push({ mail, attempts: 0, due: this.now() });
  }

  /** Try everything that is due. */
  async sendDue() {
    const due = this.waiting.filter((each) => each.due <= this.now());
    this.waiting = this.waiting.filter((each) => !due.includes(each));
    for (const each of due) {
      try {
        await this.transport.sendMail(each.mail);
      } catch (error) {
        this.failed(each, error);
      }
    }
  }

  failed(each, error) {
    if (isPermanent(error) || each.attempts === RETRIES.length) {
      this.givenUp.push({ mail: each.mail, error });
    } else {
      this.waiting.push({ ...each, attempts: each.attempts + 1, due: this.now() + RETRIES[each.attempts] });
    }
  }
}

/** 4xx, or no reply at all: not now. 5xx: never (RFC 5321 §4.2.1). */
function isPermanent(error) {
  return error.responseCode >= 500 && error.responseCode < 600;
}

module.exports = { Outbox };
