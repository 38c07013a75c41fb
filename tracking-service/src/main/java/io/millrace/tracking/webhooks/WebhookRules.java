package io.millrace.tracking.webhooks;

import java.util.regex.Pattern;

/** What both forms ask of a webhook. */
final class WebhookRules {

  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

  /** The rule for names, in words. */
  static final String NAME_RULE =
      "1 to 63 letters, digits, '.', '_' and '-', a letter or digit at both ends";

  private WebhookRules() {}

  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }
}
