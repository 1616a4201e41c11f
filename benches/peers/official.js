// SendGrid's official Node client, run like the programs of main.c: official.js times|peak CALLS.

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

// The packages are not beside this file: NODE_PACKAGES is where they were installed.
const client = createRequire(join(process.env.NODE_PACKAGES, "_"))("@sendgrid/client");

async function main() {
  const [what, calls] = [process.argv[2], Number(process.argv[3])];
  const ends = [process.hrtime.bigint()];
  client.setApiKey("SG.bbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccc");
  client.setDefaultRequest("baseUrl", process.env.SG_OPEN_TRACKING_BASE_URL);
  for (let i = 0; i < calls; i++) {
    const [reply, body] = await client.request({
      method: "PATCH",
      url: "/v3/tracking_settings/open",
      body: { enabled: false },
    });
    if (reply.statusCode !== 200 || body.enabled !== false) throw new Error("a call failed");
    ends.push(process.hrtime.bigint());
  }
  if (what === "times") {
    for (let i = 1; i < ends.length; i++) console.log(String(ends[i] - ends[i - 1]));
  } else {
    console.log(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
