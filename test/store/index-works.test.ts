/** Lists of works, however many versions somebody sends of one. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { IndexStore } from "../../src/store/index-store.ts";
import { newFolder } from "../support/folders.ts";

test("a work of very many versions is one of the latest, in no time", () => {
  const index = new IndexStore(join(newFolder(), "index.db"));
  // what looks at all of them for each of them takes many minutes
  index.db.exec(
    `with recursive versions (id) as (select 1 union all select id + 1 from versions where id < 20000)
     insert into series (id, work, thread, name, date, latest, signer, verdict, record, versions)
     select id, iif(id % 5000 = 0, id, 1), id, id, id, id, '', 'warn', '{}', '{}' from versions`,
  );
  expect(index.latestWorks(10, null)).toEqual([20_000, 1, 15_000, 10_000, 5_000]);
  expect(index.latestWorks(2, [20_000, 20_000])).toEqual([1, 15_000]);
});
