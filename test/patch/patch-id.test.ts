/**
 * Patch-ids of small diffs, as `git format-patch --base` of git 2.39 writes them; git itself is asked
 * in test/git/patch-ids.test.ts.
 */

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readDiff } from "../../src/diff/diff.ts";
import { gitPatchId } from "../../src/patch/patch-id.ts";
import type { Diff, FilePatch } from "../../src/types.ts";

/** [what changes, the diff with full names of blobs, git's patch-id] */
const CASES: readonly [string, string, string][] = [
  [
    "a text",
    `diff --git a/f b/f
index de980441c3ab03a8c07dda1ad27b8a11f39deb1e..7be73ce3c1b1cdaea86e8168dfee8575175953bf 100644
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 a
-b
+B
 c
`,
    "14c14491d65d14238ddcefcfc59b1e60dc355240",
  ],
  [
    "a rename",
    `diff --git a/f b/g
similarity index 100%
rename from f
rename to g
`,
    "67ad807908824cb32b78ae6472e99c4187c85a82",
  ],
  [
    "a rename with an edit",
    `diff --git a/f b/g
similarity index 75%
rename from f
rename to g
index de980441c3ab03a8c07dda1ad27b8a11f39deb1e..d68dd4031d2ad5b7a3829ad7df6635e27a7daa22 100644
--- a/f
+++ b/g
@@ -1,3 +1,4 @@
 a
 b
 c
+d
`,
    "8372bdd2acf3ebb6c7362880b518c3ee8940dd57",
  ],
  [
    "a mode",
    `diff --git a/f b/f
old mode 100644
new mode 100755
`,
    "6159a2d33ef23ffc51b3e6250255d5b040af72f2",
  ],
  [
    "a mode with an edit",
    `diff --git a/f b/f
old mode 100644
new mode 100755
index de980441c3ab03a8c07dda1ad27b8a11f39deb1e..7be73ce3c1b1cdaea86e8168dfee8575175953bf
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 a
-b
+B
 c
`,
    "3200cbc2c8775164c278d76054094613bc616040",
  ],
  [
    "a new file that can be run",
    `diff --git a/new b/new
new file mode 100755
index 0000000000000000000000000000000000000000..587be6b4c3f93f93c489c0111bba5596147a26cb
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+x
`,
    "6384a5a434706921e301af5c284d80d43821b3f5",
  ],
  [
    "a new empty file",
    `diff --git a/new b/new
new file mode 100644
index 0000000000000000000000000000000000000000..e69de29bb2d1d6434b8b29ae775ad8c2e48c5391
`,
    "4881f8ab80a271c1114062c11398157a084e808e",
  ],
  [
    "a deleted file",
    `diff --git a/f b/f
deleted file mode 100644
index de980441c3ab03a8c07dda1ad27b8a11f39deb1e..0000000000000000000000000000000000000000
--- a/f
+++ /dev/null
@@ -1,3 +0,0 @@
-a
-b
-c
`,
    "06c56396f2e6fe0bdda43ab3222d8c91aa7b569f",
  ],
  [
    "a deleted empty file",
    `diff --git a/e b/e
deleted file mode 100644
index e69de29bb2d1d6434b8b29ae775ad8c2e48c5391..0000000000000000000000000000000000000000
`,
    "1e040352f6947168c6a2f5397d75837f458affad",
  ],
  [
    "a binary file",
    `diff --git a/b b/b
index bdc955b7b2e610ad5a72302b139a2e6cb325519a..8835708590a9afa236e1bbad18df9d23de82ccd3 100644
GIT binary patch
literal 2
JcmZQz0ssI600RI3

literal 2
JcmZQz1ONa700IC2

`,
    "a46a26e7deee426edd12277ae4b898e15d1ad63e",
  ],
  [
    "a new binary file",
    `diff --git a/c b/c
new file mode 100644
index 0000000000000000000000000000000000000000..8835708590a9afa236e1bbad18df9d23de82ccd3
GIT binary patch
literal 2
JcmZQz0ssI600RI3

literal 0
HcmV?d00001

`,
    "2a45a515d0ec30f6ced13f7392192d2abe95703d",
  ],
  [
    "a deleted binary file",
    `diff --git a/b b/b
deleted file mode 100644
index bdc955b7b2e610ad5a72302b139a2e6cb325519a..0000000000000000000000000000000000000000
GIT binary patch
literal 0
HcmV?d00001

literal 2
JcmZQz1ONa700IC2

`,
    "07f5643002969175c062686e113cf70f5070cc4d",
  ],
  [
    "a renamed binary file",
    `diff --git a/b b/c
similarity index 100%
rename from b
rename to c
`,
    "e188b80f16a44c12b89e24e133376e1f99239342",
  ],
  [
    "no end of line",
    `diff --git a/n b/n
index 1b322989b6eea65102d4f5921ccb7df5dc613fe7..6e94b48a25b2d007f60512ad1ec38050aefc9fef 100644
--- a/n
+++ b/n
@@ -1,2 +1,2 @@
 x
-y
\\ No newline at end of file
+z
\\ No newline at end of file
`,
    "94ad92734bcae6ef5076d4fe7a2ba0a015ceb134",
  ],
  [
    "a name with a blank",
    `diff --git a/two words b/two words
index 587be6b4c3f93f93c489c0111bba5596147a26cb..975fbec8256d3e8a3797e7a3611380f27c49f4ac 100644
--- a/two words\t
+++ b/two words\t
@@ -1 +1 @@
-x
+y
`,
    "a1d1571fe1d1050f3712925448efb7e73c827f00",
  ],
  [
    "white space",
    `diff --git a/s b/s
index 0c53d354546a530c7075c6e88db56de9b611554d..0d36831a67a99f95d3b5986e6aeb45f657518322 100644
--- a/s
+++ b/s
@@ -1,2 +1,2 @@
-a b\r
-\tc\f d 
+a  b\r
+\tc\v e 
`,
    "60d9c566de6710e2965a10237d8dfa280b9f7065",
  ],
  [
    "a symlink for a file",
    `diff --git a/t b/t
deleted file mode 100644
index 587be6b4c3f93f93c489c0111bba5596147a26cb..0000000000000000000000000000000000000000
--- a/t
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/t b/t
new file mode 120000
index 0000000000000000000000000000000000000000..4d1ae35ba2c8ec712fa2a379db44ad639ca277bd
--- /dev/null
+++ b/t
@@ -0,0 +1 @@
+f
\\ No newline at end of file
`,
    "2c3a46682d18b2f399ebf29d79bdbc284f6f0e37",
  ],
  [
    "several",
    `diff --git a/b b/c
similarity index 100%
rename from b
rename to c
diff --git a/e b/e
deleted file mode 100644
index e69de29bb2d1d6434b8b29ae775ad8c2e48c5391..0000000000000000000000000000000000000000
diff --git a/f b/f
index de980441c3ab03a8c07dda1ad27b8a11f39deb1e..7be73ce3c1b1cdaea86e8168dfee8575175953bf 100644
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 a
-b
+B
 c
diff --git a/n b/n
index 1b322989b6eea65102d4f5921ccb7df5dc613fe7..6e94b48a25b2d007f60512ad1ec38050aefc9fef 100644
--- a/n
+++ b/n
@@ -1,2 +1,2 @@
 x
-y
\\ No newline at end of file
+z
\\ No newline at end of file
diff --git a/new b/new
new file mode 100644
index 0000000000000000000000000000000000000000..587be6b4c3f93f93c489c0111bba5596147a26cb
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+x
diff --git a/t b/t
old mode 100644
new mode 100755
`,
    "35729bd9271dcc72c28892eb741500e8f497dfc1",
  ],
  [
    "a text, SHA-256",
    `diff --git a/f b/f
index f31f5bf8254ac193075271029d1de6a470884e47fa3a870c9e4733e03fd302cc..635d2b0e5272a873d414e056d344be93cc3297ca90fd7887d8aacca58d2efd7a 100644
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 a
-b
+B
 c
`,
    "3369f00ea55e1ab739778a1e501782698dd920c4a44d0adf29d722064e033504",
  ],
  [
    "a binary file, SHA-256",
    `diff --git a/b b/b
index 7ad48b8af0afe1dc0aca3f01f95a2efc950704fb19144d4f240260b01d7c73e2..9ac2fd840270b7cc70ebb248ee0128b89008ec9aa8bdfa6607ec18fded252354 100644
GIT binary patch
literal 2
JcmZQz0ssI600RI3

literal 2
JcmZQz1ONa700IC2

`,
    "25a555adb51ffeed2ddd4afa261949d1aa9d8c834a8cadc7f7a370c8249d5e85",
  ],
  [
    "several, SHA-256",
    `diff --git a/b b/c
similarity index 100%
rename from b
rename to c
diff --git a/e b/e
deleted file mode 100644
index 473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813..0000000000000000000000000000000000000000000000000000000000000000
diff --git a/f b/f
index f31f5bf8254ac193075271029d1de6a470884e47fa3a870c9e4733e03fd302cc..635d2b0e5272a873d414e056d344be93cc3297ca90fd7887d8aacca58d2efd7a 100644
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 a
-b
+B
 c
diff --git a/n b/n
index f3284c31bd3c52133c8c068b4d5b430e20ff4b46ba59a155f34f2f9b6e684a27..e7165b4ba81c079fac20c18fb15aec91de951469afa851dfa0dbc9ba27b7bdbd 100644
--- a/n
+++ b/n
@@ -1,2 +1,2 @@
 x
-y
\\ No newline at end of file
+z
\\ No newline at end of file
diff --git a/new b/new
new file mode 100644
index 0000000000000000000000000000000000000000000000000000000000000000..14f5162e2fe3d240d0d37aaab0f90e4af9a7cfa79639f3bab005b5bfb4174d9f
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+x
diff --git a/t b/t
old mode 100644
new mode 100755
`,
    "c27912fa1da131e0efeb382f7d46516f9cb0a900d14c9ab8c8eebc85a0ecd667",
  ],
  [
    "a binary file above a text",
    `diff --git a/b b/b
index bdc955b7b2e610ad5a72302b139a2e6cb325519a..8835708590a9afa236e1bbad18df9d23de82ccd3 100644
GIT binary patch
literal 2
JcmZQz0ssI600RI3

literal 2
JcmZQz1ONa700IC2

diff --git a/f b/f
index de980441c3ab03a8c07dda1ad27b8a11f39deb1e..7be73ce3c1b1cdaea86e8168dfee8575175953bf 100644
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 a
-b
+B
 c
`,
    "b82b6b78b54c57916aef164aaa54b7413a50287f",
  ],
  [
    "a symlink for a file, below a text",
    `diff --git a/f b/f
index de980441c3ab03a8c07dda1ad27b8a11f39deb1e..7be73ce3c1b1cdaea86e8168dfee8575175953bf 100644
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 a
-b
+B
 c
diff --git a/t b/t
deleted file mode 100644
index 587be6b4c3f93f93c489c0111bba5596147a26cb..0000000000000000000000000000000000000000
--- a/t
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/t b/t
new file mode 120000
index 0000000000000000000000000000000000000000..4d1ae35ba2c8ec712fa2a379db44ad639ca277bd
--- /dev/null
+++ b/t
@@ -0,0 +1 @@
+f
\\ No newline at end of file
`,
    "40fb8af90376c61627c8e26d3f59db882ba56077",
  ],
  [
    "a symlink for a binary file",
    `diff --git a/b b/b
deleted file mode 100644
index bdc955b7b2e610ad5a72302b139a2e6cb325519a..0000000000000000000000000000000000000000
GIT binary patch
literal 0
HcmV?d00001

literal 2
JcmZQz1ONa700IC2

diff --git a/b b/b
new file mode 120000
index 0000000000000000000000000000000000000000..4d1ae35ba2c8ec712fa2a379db44ad639ca277bd
--- /dev/null
+++ b/b
@@ -0,0 +1 @@
+f
\\ No newline at end of file
`,
    "40d2617fa0fe2db252e0cd50c4dd77226e5d54dc",
  ],
];

function read(diff: string): Diff {
  const made = readDiff(Buffer.from(diff, "latin1"));
  if (!made.ok) throw new Error(made.refusal.detail);
  return made.value;
}

/** A renamed binary file has no text that says so: the repository does. */
const binary =
  (algorithm: string) =>
  ({ newName }: FilePatch): string | null =>
    newName?.toString() === "c"
      ? createHash(algorithm).update("blob 2\0\0\x01").digest("hex")
      : null;

const idOf = (diff: string, algorithm: "sha1" | "sha256" = "sha1"): string | null =>
  gitPatchId(read(diff), algorithm, binary(algorithm));

const caseOf = (name: string): string => CASES.find(([what]) => what === name)![1];

describe("git's patch-id of", () => {
  test.each(CASES)("%s", (_, diff, id) =>
    expect(idOf(diff, id.length === 64 ? "sha256" : "sha1")).toBe(id),
  );

  test("nothing", () => expect(gitPatchId(read(""), "sha1")).toBe("0".repeat(40)));

  test("the same without git's own header lines", () => {
    const plain = caseOf("a text").replace(/^diff --git.*\nindex.*\n/, "");
    expect(plain).toMatch(/^--- a\/f\n/);
    expect(idOf(plain)).toBe(idOf(caseOf("a text")));
    expect(gitPatchId(read(plain + plain.replaceAll("/f\n", "/g\n")), "sha1")).toBe(
      gitPatchId(
        read(caseOf("a text") + caseOf("a text").replaceAll(/([ab])\/f\b/g, "$1/g")),
        "sha1",
      ),
    );
  });
});

test("a binary file has none without the full names of both blobs", () => {
  const short = caseOf("a binary file").replace(/^index .*$/m, "index 25cb955..9d8a1c6 100644");
  expect(idOf(short)).toBeNull();
  const one = caseOf("a binary file").replace(/^(index \w{40}\.\.)\w+/m, "$19d8a1c6");
  expect(idOf(one)).toBeNull();
  // of the other hash
  expect(gitPatchId(read(caseOf("a binary file")), "sha256")).toBeNull();
  expect(gitPatchId(read(caseOf("a rename")), "sha1", () => "9d8a1c6")).toBeNull();
});

test("a rename is not taken for binary unless the repository says so", () => {
  expect(gitPatchId(read(caseOf("a rename")), "sha1")).toBe(idOf(caseOf("a rename")));
  expect(gitPatchId(read(caseOf("a renamed binary file")), "sha1")).not.toBe(
    idOf(caseOf("a renamed binary file")),
  );
});
