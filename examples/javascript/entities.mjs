// The API's operations on entities, with axios.
//
//   node entities.mjs token
//   node entities.mjs get BLUEPRINT IDENTIFIER
//   node entities.mjs create|merge|override BLUEPRINT ENTITY_AS_JSON
//   node entities.mjs delete BLUEPRINT IDENTIFIER
//   node entities.mjs delete-all BLUEPRINT
//
// PORT_API_URL says where, PORT_CLIENT_ID and PORT_CLIENT_SECRET who. The API's JSON goes to stdout, its status to stderr.
import axios from "axios";

const { PORT_API_URL: apiUrl = "https://api.port.io/v1", PORT_CLIENT_ID, PORT_CLIENT_SECRET } = process.env;

// create fails where the identifier is taken; merge changes what is given; override replaces the entity.
const writes = {
  create: { upsert: false, merge: false },
  merge: { upsert: true, merge: true },
  override: { upsert: true, merge: false },
};

async function getToken() {
  const credentials = { clientId: PORT_CLIENT_ID, clientSecret: PORT_CLIENT_SECRET };
  const { data } = await axios.post(`${apiUrl}/auth/access_token`, credentials);
  return data.accessToken;
}

async function call(operation, blueprint, rest) {
  const api = axios.create({
    baseURL: `${apiUrl}/blueprints/${encodeURIComponent(blueprint)}`,
    headers: { Authorization: `Bearer ${await getToken()}` },
    validateStatus: () => true,
  });
  const entity = `/entities/${encodeURIComponent(rest)}`;
  switch (operation) {
    case "get":
      return api.get(entity);
    case "create":
    case "merge":
    case "override":
      return api.post("/entities", JSON.parse(rest), { params: writes[operation] });
    case "delete":
      return api.delete(entity, { params: { delete_dependents: false } });
    case "delete-all":
      return api.delete("/all-entities", { params: { delete_blueprint: false } });
    default:
      throw new Error(`no operation ${operation}; see the top of this file`);
  }
}

const [operation, blueprint, rest = ""] = process.argv.slice(2);
if (operation === "token") console.log(await getToken());
else {
  const { status, data } = await call(operation, blueprint, rest);
  console.log(JSON.stringify(data, null, 2));
  console.error(status);
  process.exitCode = status < 300 ? 0 : 1;
}
