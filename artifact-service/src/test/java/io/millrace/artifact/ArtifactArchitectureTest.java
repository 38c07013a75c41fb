package io.millrace.artifact;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.millrace.artifact",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArtifactArchitectureTest {

  @ArchTest
  static final ArchRule featuresHaveNoCycles =
      slices()
          .matching("io.millrace.artifact.(*)..")
          .should()
          .beFreeOfCycles()
          .because("a feature must be readable without the others that use it");

  @ArchTest
  static final ArchRule onlyStorageKnowsS3 =
      noClasses()
          .that()
          .resideOutsideOfPackage("..storage..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.minio..", "okhttp3..")
          .because("bounded memory and the digest check live in one place");

  @ArchTest
  static final ArchRule eventsStopAtTheEventsClass =
      noClasses()
          .that()
          .haveNameNotMatching(".*(Listener|Events)(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.millrace.events..")
          .because("the domain does not know the wire format");

  @ArchTest
  static final ArchRule controllersAreHidden =
      classes()
          .that()
          .haveSimpleNameEndingWith("Controller")
          .should()
          .bePackagePrivate()
          .because("HTTP is the only way in");
}
