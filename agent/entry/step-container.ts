import '../containers/step-container.ts';
