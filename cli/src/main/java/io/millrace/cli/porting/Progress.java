package io.millrace.cli.porting;

/** Hears how a copy goes on. Called from several threads. */
@FunctionalInterface
public interface Progress {

  /**
   * @param done experiments and models that are through
   * @param total experiments and models in all
   */
  void at(long done, long total, Report soFar);
}
