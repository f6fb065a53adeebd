// Plain JavaScript, so that an old Node can say what is wrong with it.
const NEEDED = 26

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `bearergate needs Node.js ${NEEDED} or newer; this is ${process.version}.\n` +
      'In a clone, run "npm ci" and then "npx bearergate": a fitting Node comes with the packages.\n' +
      'Elsewhere, use the container image or install a newer Node.js.\n',
  )
  process.exit(78)
}
