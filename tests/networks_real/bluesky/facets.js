// What Bluesky's own client finds in texts: one JSON text per line in, one JSON answer per line out.
const readline = require('readline')
const { RichText } = require('@atproto/api')

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const rich = new RichText({ text: JSON.parse(line) })
  rich.detectFacetsWithoutResolution()
  const facets = (rich.facets || []).map((one) => ({
    start: one.index.byteStart,
    end: one.index.byteEnd,
    kind: one.features[0].$type.split('#')[1],
    value: one.features[0].uri || one.features[0].did || one.features[0].tag,
  }))
  console.log(JSON.stringify({ facets, graphemes: rich.graphemeLength, bytes: rich.length }))
})
