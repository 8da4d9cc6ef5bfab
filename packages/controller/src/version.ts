/** The version that people are told; the protocol has a number of its own. */
export const controllerVersion = '0.1.0'
