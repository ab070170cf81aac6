// The API view: the routes of the service, read from its OpenAPI description.

import { el, section, table } from "./dom.js";

export async function show(subject, options, ask) {
  const description = await ask("openapi.json");
  const routes = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tagOf = (route) => route.operation.tags?.[0] ?? "other";
  const tags = [...new Set(routes.map(tagOf))];
  return [
    el("h1", {}, "API"),
    el("p", { class: "lead" }, description.info.description),
    el("p", {}, "The same description for programs: ", el("a", { href: "openapi.json" }, "openapi.json"), "."),
    ...tags.map((tag) =>
      section(tag[0].toUpperCase() + tag.slice(1), routes.filter((route) => tagOf(route) === tag).map((route) => details(route, description))),
    ),
  ];
}

function details({ path, method, operation }, description) {
  const body = schemaOf(operation.requestBody?.content, description);
  const example = body?.examples?.[0];
  const responses = Object.entries(operation.responses ?? {}).sort(([a], [b]) => a.localeCompare(b));
  return el(
    "details",
    { class: "route" },
    el("summary", {}, el("code", {}, `${method} ${path}`), " ", el("span", {}, operation.summary)),
    operation.parameters?.length ? fields("Parameters", operation.parameters.map((each) => ({ name: each.name, needed: each.required, text: each.description ?? each.schema?.description, kind: kind(each.schema, description) }))) : null,
    body ? fields("Body", Object.entries(body.properties ?? {}).map(([name, each]) => ({ name, needed: body.required?.includes(name), text: each.description, kind: kind(each, description) }))) : null,
    el("h3", {}, "Example with curl"),
    el("pre", { tabindex: "0", role: "region", "aria-label": `curl for ${path}` }, curl(method, path, operation, example)),
    table("Responses", [{ title: "Status", cell: ([status]) => status }, { title: "Meaning", cell: ([, each]) => each.description }], responses),
  );
}

function fields(caption, rows) {
  return table(
    caption,
    [
      { title: "Name", cell: (row) => [el("code", {}, row.name), row.needed ? el("small", {}, "required") : null] },
      { title: "Type", cell: (row) => row.kind },
      { title: "Description", cell: (row) => row.text ?? "" },
    ],
    rows,
  );
}

function curl(method, path, operation, example) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => {
    const found = operation.parameters?.find((each) => each.name === name);
    return encodeURIComponent(found?.examples?.[0] ?? found?.schema?.examples?.[0] ?? found?.example ?? name.toUpperCase());
  });
  const address = new URL(filled.slice(1), document.baseURI);
  const key = operation.security ? ' -H "Authorization: Bearer $KEY"' : "";
  const body = example ? ` \\\n  -H "Content-Type: application/json" -d '${JSON.stringify(example, null, 2)}'` : "";
  return `curl${method === "GET" ? "" : ` -X ${method}`}${key} ${address.origin}${address.pathname}${body}`;
}

function schemaOf(content, description) {
  return resolved(content?.["application/json"]?.schema, description);
}

function resolved(schema, description) {
  return schema?.$ref ? description.components.schemas[schema.$ref.split("/").at(-1)] : schema;
}

function kind(schema, description) {
  const parts = (schema?.anyOf ?? [schema]).map((each) => resolved(each, description)).filter((each) => each && each.type !== "null");
  return parts.map((each) => each.format ?? each.type ?? "any").join(" or ");
}
