"""The page at /docs: the service's own OpenAPI document, made readable without any other host."""

from html import escape
from string import Template

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Tiketi · $service</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1c2330}
h1{font-size:1.5rem}details{border:1px solid #d9dee7;border-radius:8px;margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer}b{display:inline-block;min-width:4.5rem;font:600 13px ui-monospace,monospace}
code,pre{font:13px ui-monospace,monospace}pre{background:#f5f7fa;padding:.6rem;overflow:auto;border-radius:6px}
.get{color:#0a6}.post{color:#06c}.put,.patch{color:#a60}.delete{color:#c22}
</style></head><body><h1>Tiketi · $service</h1>
<p>From <a href="/openapi.json">/openapi.json</a>.</p><main id="paths">Loading…</main>
<script>
const el=(tag,props={},...kids)=>{const e=Object.assign(document.createElement(tag),props);e.append(...kids);return e};
fetch('/openapi.json').then(r=>r.json()).then(doc=>{
  const main=document.getElementById('paths');main.textContent='';
  const shown=schema=>JSON.stringify(schema,null,2);
  for(const [path,item] of Object.entries(doc.paths))for(const [method,call] of Object.entries(item)){
    const box=el('details',{},el('summary',{},el('b',{className:method,textContent:method.toUpperCase()}),
      el('code',{textContent:path}),' — '+(call.summary||'')));
    if(call.description)box.append(el('p',{textContent:call.description}));
    if(call.requestBody)box.append(el('h4',{textContent:'Body'}),el('pre',{textContent:shown(call.requestBody.content)}));
    for(const [status,answer] of Object.entries(call.responses))
      box.append(el('p',{},el('b',{textContent:status}),answer.description||''));
    main.append(box)}
  main.append(el('h2',{textContent:'Schemas'}));
  for(const [name,schema] of Object.entries(doc.components.schemas))
    main.append(el('details',{},el('summary',{textContent:name}),el('pre',{textContent:shown(schema)})));
});
</script></body></html>
""")  # noqa: E501 # a page, not code


def render_reference(service: str) -> str:
    return _PAGE.substitute(service=escape(service))
