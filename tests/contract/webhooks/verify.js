// Reads requests as JSON lines ({secret, body, headers}), verifies each with the reference library of Standard Webhooks,
// as a consumer would, and prints the results as JSON lines.
const { Webhook } = require("standardwebhooks");
const readline = require("node:readline");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { secret, body, headers } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ read: new Webhook(secret).verify(body, headers) }));
  } catch (error) {
    console.log(JSON.stringify({ refused: error.message }));
  }
});
