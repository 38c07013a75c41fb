package io.millrace.training;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.millrace.training",
    importOptions = ImportOption.DoNotIncludeTests.class)
class TrainingArchitectureTest {

  @ArchTest
  static final ArchRule featuresHaveNoCycles =
      slices()
          .matching("io.millrace.training.(*)..")
          .should()
          .beFreeOfCycles()
          .because("a feature must be readable without the others that use it");

  @ArchTest
  static final ArchRule aTrainerIsAProcess =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.millrace.trainers..", "io.millrace.modelpackage..")
          .because("whatever keeps the contract of the environment can be a trainer");

  @ArchTest
  static final ArchRule aWorkerHasNoDatabase =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.millrace.database..")
          .because("tracking-service alone keeps the state of runs");

  @ArchTest
  static final ArchRule eventsStopAtTheJob =
      noClasses()
          .that()
          .resideOutsideOfPackage("..jobs..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.millrace.events..")
          .because("the other features do not know the wire format");
}
