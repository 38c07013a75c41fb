package io.millrace.cli.submit;

import java.util.regex.Pattern;

/** Addresses of git remotes, as they may be shown. */
final class RemoteUrl {

  private static final Pattern URL = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]*://)([^/?#]*)(.*)");

  private RemoteUrl() {}

  /**
   * Without what proves who one is: user and password of http, the password of others, query and
   * fragment. A user of ssh stays, since it is part of the address.
   */
  static String withoutCredentials(String url) {
    var matcher = URL.matcher(url.strip());
    if (!matcher.matches()) {
      return url.strip();
    }
    var scheme = matcher.group(1);
    var authority = matcher.group(2);
    var at = authority.lastIndexOf('@');
    var user = at < 0 ? "" : authority.substring(0, at);
    var host = authority.substring(at + 1);
    var web = scheme.regionMatches(true, 0, "http", 0, 4);
    var kept = web || user.isEmpty() ? "" : user.replaceAll(":.*", "") + "@";
    return scheme + kept + host + matcher.group(3).replaceAll("[?#].*", "");
  }
}
