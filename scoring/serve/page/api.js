// What programs can ask, read from the service's own OpenAPI description.

import { el, section, table } from "./dom.js";

export async function show(subject, options, ask) {
  const description = await ask("openapi.json");
  const asked = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, question]) => ({ path, method: method.toUpperCase(), question })),
  );
  const tags = [...new Set(asked.map((each) => each.question.tags?.[0] ?? "other"))];
  return [
    el("h1", {}, "API"),
    el("p", { class: "lead" }, description.info.description),
    el("p", {}, "The same for programs: ", el("a", { href: "openapi.json" }, "openapi.json"), "."),
    ...tags.map((tag) =>
      section(tag[0].toUpperCase() + tag.slice(1), asked.filter((each) => (each.question.tags?.[0] ?? "other") === tag).map((each) => one(each, description))),
    ),
  ];
}

function one({ path, method, question }, description) {
  const body = schemaOf(question.requestBody?.content, description);
  const example = body?.examples?.[0];
  const answers = Object.entries(question.responses ?? {}).sort(([a], [b]) => a.localeCompare(b));
  return el(
    "details",
    { class: "question" },
    el("summary", {}, el("code", {}, `${method} ${path}`), " ", el("span", {}, question.summary)),
    question.parameters?.length ? fields("Parameters", question.parameters.map((each) => ({ name: each.name, needed: each.required, text: each.description ?? each.schema?.description, kind: kind(each.schema, description) }))) : null,
    body ? fields("Body", Object.entries(body.properties ?? {}).map(([name, each]) => ({ name, needed: body.required?.includes(name), text: each.description, kind: kind(each, description) }))) : null,
    el("h3", {}, "With curl"),
    el("pre", { tabindex: "0", role: "region", "aria-label": `curl for ${path}` }, curl(method, path, question, example)),
    table("Answers", [{ title: "Status", cell: ([status]) => status }, { title: "When", cell: ([, each]) => each.description }], answers),
  );
}

function fields(caption, rows) {
  return table(
    caption,
    [
      { title: "Name", cell: (row) => [el("code", {}, row.name), row.needed ? el("small", {}, "required") : null] },
      { title: "Kind", cell: (row) => row.kind },
      { title: "What it is", cell: (row) => row.text ?? "" },
    ],
    rows,
  );
}

function curl(method, path, question, example) {
  const filled = path.replace(/\{(\w+)\}/g, (whole, name) => {
    const found = question.parameters?.find((each) => each.name === name);
    return encodeURIComponent(found?.examples?.[0] ?? found?.schema?.examples?.[0] ?? found?.example ?? name.toUpperCase());
  });
  const address = new URL(filled.slice(1), document.baseURI);
  const key = question.security ? ' -H "Authorization: Bearer $KEY"' : "";
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
