package io.millrace.tracking.registry;

import java.util.SortedMap;

/**
 * A registered model without its versions.
 *
 * @param id its number, whatever it is called
 * @param created milliseconds since 1970
 * @param updated milliseconds since 1970
 * @param lastVersion highest version number ever given
 * @param aliases versions by alias
 */
record RegisteredModel(
    long id,
    String name,
    String description,
    long created,
    long updated,
    int lastVersion,
    SortedMap<String, String> tags,
    SortedMap<String, Integer> aliases) {

  /** Marks prompts among models, and their versions. */
  static final String PROMPT_TAG = "mlflow.prompt.is_prompt";

  boolean prompt() {
    return "true".equals(tags.get(PROMPT_TAG));
  }
}
