// Judges templates by the packs of cdk-nag, and prints a JSON array of {pack, rule, file, resource}.
//
//   NODE_PATH=.tools/judges/node_modules node scripts/judges/nag.js TEMPLATE ...
const path = require('path');
const { App, Stack } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const { AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks } = require('cdk-nag');

const packs = { AwsSolutions: AwsSolutionsChecks, NIST: NIST80053R5Checks, HIPAA: HIPAASecurityChecks, PCI: PCIDSS321Checks };
const found = [];
for (const file of process.argv.slice(2)) {
  const stack = new Stack(new App(), path.basename(file, '.json'));
  new CfnInclude(stack, 'T', { templateFile: file });
  for (const [pack, Checks] of Object.entries(packs)) {
    for (const v of new Checks().validateScope(stack).violations) {
      for (const r of v.violatingResources) {
        found.push({ pack, rule: v.ruleName, file: path.basename(file), resource: r.constructPath.split('/').pop() });
      }
    }
  }
}
process.stdout.write(JSON.stringify(found));
