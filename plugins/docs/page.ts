/** The page at `/docs`. Its links are relative, so that they hold under any prefix. It holds nothing of the document. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>comis-gateway API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
<style>#ask { font: 16px sans-serif; margin: 3em auto; max-width: 40em } #ask input { width: 24em }</style>
</head>
<body>
<form id="ask" hidden>
<p><label>Token <input type="password" autocomplete="off" spellcheck="false" required></label> <button>Show</button></p>
<p role="alert"></p>
</form>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`

/** The token is kept by the page alone, for as long as it is open. */
export const START = `const form = document.querySelector('#ask')

async function load(token) {
  const headers = token ? { authorization: 'Bearer ' + token } : {}
  const response = await fetch('openapi.json', { headers })
  if (response.ok) return show(await response.json(), headers)
  form.hidden = false
  form.querySelector('[role=alert]').textContent = token ? (await response.json()).error : ''
}

function show(spec, headers) {
  form.remove()
  SwaggerUIBundle({
    spec,
    dom_id: '#docs',
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    docExpansion: 'list',
    validatorUrl: null,
    requestInterceptor(request) {
      request.headers = { ...headers, ...request.headers }
      return request
    }
  })
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void load(form.querySelector('input').value.trim())
})
void load()
`
