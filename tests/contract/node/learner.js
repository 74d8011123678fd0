// What a Node.js vendor sends to SaveLearnerActivity. Arguments: the contract's path, the payload as JSON, in
// which an element with attributes has its text under "_". Prints the envelope.
"use strict";

const soap = require("soap");

const [, , wsdl, payload] = process.argv;

const marked = (value) => {
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== "object") return value;
  const { _: text, schemaVersion, ...others } = value;
  if (text !== undefined) return { $value: text, attributes: others };
  const children = Object.entries(others).map(([name, child]) => [name, marked(child)]);
  return { ...Object.fromEntries(children), ...(schemaVersion && { attributes: { schemaVersion } }) };
};

const httpClient = {
  request(address, envelope) {
    console.log(envelope);
    process.exit(0);
  },
};

soap.createClientAsync(wsdl, { httpClient }).then((client) =>
  client.SaveLearnerActivityAsync({ ACCMELearnerReports: marked(JSON.parse(payload)), ProviderId: "0001234" }),
);
