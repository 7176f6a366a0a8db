/** The transform for asc's interface; a compilation makes an instance of its own. */
declare const ConstantTables: new () => object;
export default ConstantTables;
