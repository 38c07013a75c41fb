package io.millrace.cli.submit;

/**
 * Something about a project that whoever asks for a training should know.
 *
 * @param kind what it is
 * @param what which file, branch or commit, in words
 */
public record Finding(Kind kind, String what) {

  /** What can be found, with what to do about it. */
  public enum Kind {
    CONFLICT("in conflict", true, "resolve it and commit"),
    STAGED("staged, not committed", true, "commit it"),
    UNSTAGED("changed, not committed", true, "commit or stash it"),
    UNTRACKED("not in the repository", true, "commit it, or name it in .gitignore"),
    DIRTY_SUBMODULE("a submodule with changes", true, "commit them there, and here"),
    UNPUSHED("not pushed", false, "push, so that others find the commit"),
    NO_UPSTREAM("a branch without upstream", false, "push with --set-upstream"),
    NO_REMOTE("a repository without remote", false, "add one, so that others find the commit"),
    BEHIND("behind its upstream", false, "pull, if the newer commits are wanted"),
    DETACHED("no branch checked out", false, "check one out, if the run shall name it"),
    SHALLOW("a shallow clone", false, "fetch with --unshallow, if the history is wanted"),
    LFS_POINTER(
        "a pointer to a file in Git LFS", false, "the package holds the pointer, not the file"),
    SUBMODULE("a submodule", false, "the package does not hold its files");

    private final String words;
    private final boolean dirty;
    private final String remedy;

    Kind(String words, boolean dirty, String remedy) {
      this.words = words;
      this.dirty = dirty;
      this.remedy = remedy;
    }

    /** What it is, in words. */
    public String words() {
      return words;
    }

    /** True where the commit is not all of what lies in the folder. */
    public boolean dirty() {
      return dirty;
    }

    /** What to do about it. */
    public String remedy() {
      return remedy;
    }
  }
}
