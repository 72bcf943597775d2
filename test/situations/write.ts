/** `npm run situations`: writes the documents that are generated from played scenes. */
import { writeFile } from "node:fs/promises";
import { documents } from "./documents.ts";

for (const [file, text] of await documents()) {
  await writeFile(file, text);
  console.log(`${file}: ${text.split("\n").length} lines`);
}
