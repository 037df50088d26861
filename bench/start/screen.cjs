// Opens an empty page, says "open", reads an address, goes there, and says "live" when six devices show their values.
const { chromium } = require('playwright-core')
const readline = require('node:readline')

async function main() {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  })
  const page = await browser.newPage()
  await page.goto('about:blank')
  console.log('open')
  for await (const address of readline.createInterface({ input: process.stdin })) {
    await page.goto(address)
    await page.locator('article.card:not(.card-empty)').nth(5).waitFor()
    console.log('live')
    break
  }
  await browser.close()
}

main().then(() => process.exit(0), (error) => {
  console.log('failed', error.message)
  process.exit(1)
})
