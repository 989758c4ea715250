// What a new cluster holds beside MariaDB's own tables: accounts, what Outlast writes down, and the ledger.
import { APPLICATION_ACCOUNT } from "./layout.ts";
import { accountStatements, literal, serverNumber } from "./settings.ts";
import type { MemberSpec } from "../contract.ts";

/** Trailing blanks count, and so do upper and lower case. */
const TEXT = "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin";
/** Rows for confirmations: a connection uses one, so that they do not wait for each other. */
const CONFIRM_ROWS = 4096;

export const POSITION =
  "CAST(COALESCE(NULLIF(SUBSTRING_INDEX(@@global.gtid_current_pos, '-', -1), ''), '0') AS UNSIGNED)";
export const TERM = "(SELECT epoch FROM outlast.epoch)";

const KEY = `VARCHAR(700) ${TEXT}`;
const VALUE = `LONGTEXT ${TEXT}`;
export const CONFIRM = `INSERT INTO outlast.confirm (slot) VALUES (CONNECTION_ID() % ${CONFIRM_ROWS}) ON DUPLICATE KEY UPDATE times = times + 1`;

/**
 * What commits is a procedure, never a statement of its own: a commit whose wait for a standby was ended (KILL QUERY,
 * max_statement_time) reports success, but the procedure ends with an error before its next statement.
 */
const procedure = (name: string, parameters: string, body: string): string =>
  `CREATE PROCEDURE ledger.${name}(${parameters}) MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
  DECLARE answering_term, answering_position BIGINT UNSIGNED;
${body}
END`;
const ANSWERING = `SET answering_term = ${TERM}, answering_position = ${POSITION}`;
const ANSWER = "answering_term AS term, answering_position AS position";

const WRITE = procedure(
  "write_entry",
  `IN new_key ${KEY}, IN new_value ${VALUE}`,
  `  ${ANSWERING};
  INSERT INTO ledger.entries (\`key\`, value) VALUES (new_key, new_value) ON DUPLICATE KEY UPDATE value = new_value;
  SELECT NULL AS value, ${ANSWER};`,
);

/** Reads, and answers only after a standby has acknowledged something later. */
const confirmed = (name: string, parameters: string, value: string): string =>
  procedure(
    name,
    parameters,
    `  DECLARE found_value ${VALUE};
  ${ANSWERING};
  SET found_value = ${value};
  ${CONFIRM};
  SELECT found_value AS value, ${ANSWER};`,
  );

/** Of one key; and of a page, as JSON, in the order of creation. */
export const readValue = (key: string): string => `(SELECT value FROM ledger.entries WHERE \`key\` = ${key})`;
export const pageValue = (prefix: string, after: string, most: string): string =>
  `(SELECT JSON_ARRAYAGG(JSON_ARRAY(\`key\`, value, created) ORDER BY created) FROM (
  SELECT \`key\`, value, created FROM ledger.entries
  WHERE LEFT(\`key\`, CHAR_LENGTH(${prefix})) = ${prefix} AND created > ${after} ORDER BY created LIMIT ${most}) AS page)`;

const READ = confirmed("read_confirmed", `IN wanted_key ${KEY}`, readValue("wanted_key"));
const LIST = confirmed(
  "list_confirmed",
  `IN wanted_prefix ${KEY}, IN after_created BIGINT, IN most INT`,
  pageValue("wanted_prefix", "after_created", "most"),
);

/**
 * All compared, then all written. A function, so that the statement that calls it is the whole transaction: the COMMIT of a
 * transaction of several statements hides that its wait was ended.
 */
const SWAP = `CREATE FUNCTION ledger.swap(changes ${VALUE}) RETURNS INT DETERMINISTIC MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
  DECLARE at_change, changes_count INT DEFAULT 0;
  DECLARE found_value, from_value, to_value ${VALUE};
  DECLARE changed_key ${KEY};
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET found_value = NULL;
  SET @outlast_swapped = 0, changes_count = JSON_LENGTH(changes);
  WHILE at_change < changes_count DO
    SET changed_key = JSON_VALUE(changes, CONCAT('$[', at_change, '][0]'));
    SET from_value = JSON_VALUE(changes, CONCAT('$[', at_change, '][1]'));
    SET found_value = NULL;
    SELECT value INTO found_value FROM ledger.entries WHERE \`key\` = changed_key FOR UPDATE;
    IF NOT (found_value <=> from_value) THEN RETURN 0; END IF;
    SET at_change = at_change + 1;
  END WHILE;
  SET at_change = 0;
  WHILE at_change < changes_count DO
    SET changed_key = JSON_VALUE(changes, CONCAT('$[', at_change, '][0]'));
    SET to_value = JSON_VALUE(changes, CONCAT('$[', at_change, '][2]'));
    IF JSON_VALUE(changes, CONCAT('$[', at_change, '][1]')) IS NULL THEN
      INSERT INTO ledger.entries (\`key\`, value) VALUES (changed_key, to_value);
    ELSE
      UPDATE ledger.entries SET value = to_value WHERE \`key\` = changed_key;
    END IF;
    SET at_change = at_change + 1;
  END WHILE;
  SET @outlast_swapped = 1;
  RETURN 1;
END`;

/** Somebody else's insertion of the same key at the same time (1062) takes all of it back. */
const COMPARE_AND_SET = procedure(
  "compare_and_set",
  `IN changes ${VALUE}`,
  `  DECLARE raced BOOLEAN DEFAULT FALSE;
  DECLARE CONTINUE HANDLER FOR 1062 SET raced = TRUE;
  ${ANSWERING};
  INSERT INTO outlast.confirm (slot, times) VALUES (CONNECTION_ID() % ${CONFIRM_ROWS}, ledger.swap(changes))
    ON DUPLICATE KEY UPDATE times = times + 1;
  IF raced THEN
    SET @outlast_swapped = 0;
    ${CONFIRM};
  END IF;
  SELECT @outlast_swapped AS value, ${ANSWER};`,
);

const PROCEDURES = {
  write_entry: WRITE,
  read_confirmed: READ,
  list_confirmed: LIST,
  compare_and_set: COMPARE_AND_SET,
};

/** One statement each. `system` names the cluster for ever. */
export const clusterStatements = (
  system: string,
  first: Pick<MemberSpec, "address" | "members" | "listenAddress">,
): readonly string[] => [
  "CREATE DATABASE outlast",
  `CREATE TABLE outlast.cluster (\`system\` CHAR(36) CHARACTER SET ascii NOT NULL) ENGINE=InnoDB`,
  `INSERT INTO outlast.cluster VALUES (${literal(system)})`,
  // The term of every answer. One row; a promotion writes it.
  "CREATE TABLE outlast.epoch (one TINYINT PRIMARY KEY CHECK (one = 1), epoch BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB",
  "INSERT INTO outlast.epoch VALUES (1, 1)",
  // One row a promotion: the sequence number of the transaction that wrote it, and who was promoted.
  "CREATE TABLE outlast.timelines (timeline BIGINT UNSIGNED PRIMARY KEY, began BIGINT UNSIGNED NOT NULL, server INT UNSIGNED NOT NULL) ENGINE=InnoDB",
  `INSERT INTO outlast.timelines VALUES (1, 1, ${serverNumber(first.address)})`,
  // Which primaryships this log contains: written by each new primary before its fence opens.
  "CREATE TABLE outlast.epochs (epoch BIGINT UNSIGNED PRIMARY KEY, timeline BIGINT UNSIGNED NOT NULL, begins BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB",
  // Proof of life of one member: never written to its binary log.
  "CREATE TABLE outlast.life (one TINYINT PRIMARY KEY CHECK (one = 1), times BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB",
  "INSERT INTO outlast.life VALUES (1, 0)",
  // What a read writes, so that it is answered only after a standby has acknowledged something later.
  "CREATE TABLE outlast.confirm (slot INT UNSIGNED PRIMARY KEY, times BIGINT UNSIGNED NOT NULL DEFAULT 0) ENGINE=InnoDB",
  "CREATE DATABASE ledger",
  `CREATE TABLE ledger.entries (
  \`key\` VARCHAR(700) ${TEXT} PRIMARY KEY,
  value LONGTEXT ${TEXT} NOT NULL,
  created BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE
) ENGINE=InnoDB`,
  SWAP,
  ...Object.values(PROCEDURES),
  ...accountStatements(first.members, first.listenAddress),
  `CREATE USER ${literal(APPLICATION_ACCOUNT)}@'%'`,
  `GRANT SELECT, INSERT, UPDATE ON ledger.* TO ${literal(APPLICATION_ACCOUNT)}@'%'`,
  `GRANT EXECUTE ON FUNCTION ledger.swap TO ${literal(APPLICATION_ACCOUNT)}@'%'`,
  ...Object.keys(PROCEDURES).map(
    (name) => `GRANT EXECUTE ON PROCEDURE ledger.${name} TO ${literal(APPLICATION_ACCOUNT)}@'%'`,
  ),
  `GRANT SELECT ON outlast.epoch TO ${literal(APPLICATION_ACCOUNT)}@'%'`,
  `GRANT SELECT, INSERT, UPDATE ON outlast.confirm TO ${literal(APPLICATION_ACCOUNT)}@'%'`,
];
