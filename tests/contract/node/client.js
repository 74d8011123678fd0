// What a Node.js vendor writes against one service version. Arguments: the WSDL's address, the version,
// the account as JSON, an own id. Prints what came back as one JSON object.
"use strict";

const soap = require("soap");

const [, , wsdl, version, account, ownId] = process.argv;
const credentials = JSON.parse(account);

const format = version === "v1" ? "C" : "Committee Learning";
const dates = { startDateTime: new Date(Date.UTC(2025, 2, 10)).toISOString() };
if (version !== "v1") dates.endDateTime = new Date(Date.UTC(2025, 2, 11)).toISOString();

const record = (title) => ({
  ReportDescription: { ReportingStartDate: "2025-01-01Z", ReportingEndDate: "2025-12-31Z" },
  ActivityDescription: {
    lom: {
      general: {
        identifier: { catalog: "Provider Activity ID", entry: ownId },
        title: { string: title },
      },
      healthcareMetadata: { healthcareEducation: { ...dates, activityFormat: { string: format } } },
    },
  },
  ParticipationMetrics: {
    ParticipantsByCategory: { attributes: { category: "physician" }, $value: 12 },
  },
});

async function main() {
  const client = await soap.createClientAsync(wsdl, { forceSoap12Headers: wsdl.includes("soap=1.2") });
  const call = async (operation, parameters) =>
    (await client[`${operation}Async`](parameters))[0][`${operation}Result`];
  const save = (title) =>
    // The payload first: children of an operation come in whatever order they were put in.
    call("SaveActivity", { ACCMEActivities: { MedicalEducationMetrics: record(title) }, ...credentials });

  const told = { operations: Object.keys(client.describe().CmeGateway.CmeGatewayPort) };
  told.info = await call("GetServiceInfo", {});
  told.saved = await save("Ärzte & <Pflege>");
  told.read = await call("GetActivity", { ...credentials, ProviderActivityId: ownId });
  told.refused = await save("x".repeat(501));
  try {
    await call("GetActivity", { ...credentials, Password: "wrong", ProviderActivityId: ownId });
  } catch (error) {
    const fault = error.root.Envelope.Body.Fault;
    const code = fault.Code && fault.Code.Value; // of SOAP 1.2
    told.fault = code ? { faultcode: code, detail: fault.Detail } : fault;
  }
  console.log(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
