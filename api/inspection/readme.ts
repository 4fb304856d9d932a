/** What the reader of a pack finds first, in both languages. */
export function packReadme({ about, keyId, contents }: { about: { zh: string; en: string }; keyId: string; contents: boolean }): string {
  return `# 医保报销检查包 / Inspection pack

${about.zh}
${about.en}

## 如何核验 / How to check it

    node verify.mjs

需要 Node.js 20 或更高版本，无需安装其他软件，也不访问网络。结果为 “ok”，或指出第一处不符之处。
签名公钥编号为 \`${keyId}\`：请与此前通过其他途径获得的编号核对（\`node verify.mjs --key ${keyId}\`），否则只能证明本包前后一致。

Needs Node.js 20 or newer, no other software and no network. It says "ok" or names the first thing that is wrong.
The key is \`${keyId}\`: compare it with the one that you were given on another way, before this pack; without that you only know that the pack fits in itself.

## 内容 / What is in it

| 文件 / file | 内容 / content |
|---|---|
| \`summary.csv\` | 每份申请一行 / one line for each claim |
| \`claims/<number>.json\` | 申请、明细、票据、材料摘要值、每一步、决定及理由（中英文）、医保局报送与回执、付款指令、银行结果与流水 / claim, lines, invoices, digests of documents, every transition, decisions with reasons, submissions and acknowledgements, payment instructions with the bank's result and statement lines |
| \`chains/<number>.jsonl\` | 审计链原文：\`hash\` 是 \`text\` 的 SHA-256，每条记录含前一条的 \`hash\` / the audit chain verbatim: \`hash\` is the SHA-256 of \`text\`, and each text names the hash before it |
| \`roots/<unit>/<day>.json\` | 该单位当日全部审计记录的 Merkle 根（RFC 6962），Ed25519 签名；签名内容是 \`statement\` 的字节 / the signed Merkle root of all of the unit's entries of the day; what is signed is the bytes of \`statement\` |
| \`roots/<unit>/<day>.proofs.jsonl\` | 本包记录在该根下的证明 / proofs that the entries of this pack are under that root |
| \`keys/<id>.pem\` | 公钥 / public keys |
| \`documents/<number>/<id>\` | ${contents ? '材料原件 / the documents as they came' : '未包含 / not included'} |
| \`manifest.json\`, \`manifest.sig\` | 每个文件的 SHA-256 及其签名 / SHA-256 of every file, signed |

金额单位为分，时间为 UTC，日期按上海时间。银行账号已遮蔽，不含证件号码和诊断。
Amounts are in fen (1/100 CNY), times in UTC, days those of Shanghai. Accounts are masked; identity numbers and diagnoses are left out.
\`looked\` 表示查看记录：同一人一分钟内重复查看同一内容只记一次。
An entry \`looked\` stands for all looks of one reader at the same thing within the minute that it begins.
`;
}
