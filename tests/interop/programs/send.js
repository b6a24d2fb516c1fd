// Sends a file with Nodemailer. Whatever is not among the arguments (name=value) is left to its defaults.
"use strict";
const fs = require("node:fs");
const nodemailer = require("nodemailer");

const ask = Object.fromEntries(process.argv.slice(2).map((word) => word.split(/=(.*)/s, 2)));
const settings = { host: ask.host, port: Number(ask.port) };
if (ask.tls) settings[ask.tls === "at once" ? "secure" : "requireTLS"] = true;
if (ask.user) settings.auth = { user: ask.user, pass: ask.password };
if (ask.mechanism === "XOAUTH2") settings.auth = { type: "OAuth2", user: ask.user, accessToken: ask.password };
else if (ask.mechanism) settings.authMethod = ask.mechanism;
if (ask.timeout) settings.greetingTimeout = settings.socketTimeout = Number(ask.timeout) * 1000;

const mail = { envelope: { from: ask.from, to: ask.to.split(",") }, raw: fs.readFileSync(ask.file) };
if (ask.notify) mail.dsn = { id: ask.envid, return: ask.ret, notify: ask.notify.split(","), recipient: ask.orcpt };

nodemailer.createTransport(settings).sendMail(mail).then(
  (info) => console.log(info.response),
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
